"""Everything two functions could share.

The packages' ``__init__`` files import nothing: each cold start pays only for what it uses.
"""
