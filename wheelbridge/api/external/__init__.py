"""External dependencies (PEP 725), translated with the tables that came with wheelbridge and maps put over them."""
