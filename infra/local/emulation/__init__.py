"""What the project changes in the AWS emulator (ministack), one module per concern.

http_api    routes, authorizers and integrations out of the OpenAPI document that SAM writes
gateway     what an HTTP API does with a request and with a failed function
pages       the distribution: its port, the API as an origin
guard       who may call: no web page, and nobody without a key of the store
keys        the store's root keys, and the functions' own
functions   the processes that run the functions: their environment, their logs
mail        which permission sending a mail needs
batches     which permission a batch of queue messages needs
state       saving the emulator's state while it runs
speed       what the emulator need not do so often
queries     queries that cost their page
server      the HTTP server itself

ministack_internals   every name of ministack that these modules use or replace, and what for
"""
