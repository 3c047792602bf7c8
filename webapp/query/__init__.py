"""The filter language of the address bar: what may be asked, how it is written, and what it means."""
