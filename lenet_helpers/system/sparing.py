"""Imported by programs before anything else: spares them a second's work, which nothing here needs.

jsonschema, which nbformat and Jupyter's servers import, makes grammars for addresses as soon as it can, to check the
formats "iri" and "iri-reference".
"""

import sys

sys.modules.setdefault("rfc3987_syntax", None)
