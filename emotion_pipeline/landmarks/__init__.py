"""Faces in pictures: where they are, and the mesh of points on each.

Two detectors of other publishers are behind it, MediaPipe's FaceLandmarker and OpenCV's YuNet; only
this folder knows them. Arrays in, arrays out: model files come as paths, results go back as plain
values. `finding` finds the faces of a picture, `measuring` measures the one face of a face picture.
"""
