"""Text to speech: the name that scripts import; the work is in ``coaiapy/audio/speech.py``."""

from coaiapy.audio.speech import synthesize

__all__ = ["synthesize"]
