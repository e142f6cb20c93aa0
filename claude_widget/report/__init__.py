"""What is told of an execution that is over: as a page, as a document, as its records.

The rule: nothing is imported here, so that asking for one module loads no other.
"""
