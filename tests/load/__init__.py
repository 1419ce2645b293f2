"""Programs that hold a running service to its figures; each prints one JSON object and ends with 1 where one is missed.

They start the service themselves, on the machine that also makes the load: ratios are what to quote.
"""
