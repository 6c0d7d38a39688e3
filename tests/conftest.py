from tests.real_python import real_channel

__all__ = ["real_channel"]
