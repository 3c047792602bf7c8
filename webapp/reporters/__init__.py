"""How do other people's programs report? Single files of the standard library alone, to be copied or fetched."""
