"""Pictures in, pictures out: arrays of uint8, gray (height, width) or RGB (height, width, 3).

No files. `codec` is the only place that knows of encoded bytes; `pictures` and the modules of rows
are the only ones that know of tables.
"""

import cv2

# Work is spread over processes, picture by picture; threads within a picture would only get in
# each other's way.
cv2.setNumThreads(1)
