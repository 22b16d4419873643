"""What everything stands on: pictures, files, folders, the cache, processes, the machine."""
