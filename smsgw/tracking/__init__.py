"""Following messages to their final delivery state: polite polling, states that only move forward."""

from smsgw.tracking.stream import Learned, ReportStream
from smsgw.tracking.subjects import Known, Subject, Subjects

__all__ = ["Known", "Learned", "ReportStream", "Subject", "Subjects"]
