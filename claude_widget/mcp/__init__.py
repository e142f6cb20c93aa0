"""MCP servers: their configurations, what of them a page may choose, and which must connect.

The rule: nothing is imported here, so that asking for one module loads no other.
"""
