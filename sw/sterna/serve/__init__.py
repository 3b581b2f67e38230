"""A language model behind HTTP, for clients of OpenAI's interface."""
