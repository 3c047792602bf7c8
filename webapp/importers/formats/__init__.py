"""Which formats of files can be read: each module of this folder is one."""
