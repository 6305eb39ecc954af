"""Tests of training, on networks and pictures small enough for seconds."""
