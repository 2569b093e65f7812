"""The use cases behind the pages."""
