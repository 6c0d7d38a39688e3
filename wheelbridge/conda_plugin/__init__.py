"""The conda plugin: ``conda wheelbridge``, and what other conda commands ask plugins for.

Its modules run inside conda's own python, and are the only ones that import conda, which is no declared dependency.
"""
