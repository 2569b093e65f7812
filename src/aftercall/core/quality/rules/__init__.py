"""When numbers are trouble: the catalogue of issues and the rules that raise them."""
