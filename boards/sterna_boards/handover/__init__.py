"""The folder of `sterna rtl`: a writer for each kind of file, listed in `writers`."""
