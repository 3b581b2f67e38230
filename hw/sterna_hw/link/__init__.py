"""The byte link: frames, their check and the commands that they carry."""
