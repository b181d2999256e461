"""The CLASP client of PyPI, told what to do.

Each line on standard input is {"call": name, "args": [...], "named": {...}}: a method of clasp.Clasp. Each line on
standard output is {"done": result} or {"failed": text}, in the order of the calls, {"heard": [value, address]}, or
{"error": text} of its on_error().
Ends with its standard input.
"""

import asyncio
import base64
import json
import sys

from clasp import Clasp


def plain(value):
    """Bytes for JSON, as {"bytes": base64}."""
    return {"bytes": base64.b64encode(value).decode()}


def tell(**line):
    print(json.dumps(line, default=plain), flush=True)


def prepared(value):
    """Bytes back from what plain() makes of them."""
    return base64.b64decode(value["bytes"]) if list(value) == ["bytes"] else value


async def carry_out(client, call, args, named):
    if call == "subscribe":
        return client.subscribe(args[0], lambda *heard: tell(heard=heard)) and None
    if call in ("connected", "session_id"):
        return getattr(client, call)
    result = getattr(client, call)(*args, **named)
    return await result if asyncio.iscoroutine(result) else result


async def main():
    client = Clasp(sys.argv[1], reconnect=False)
    client.on_error(lambda error: tell(error=str(error)))
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        command = json.loads(line, object_hook=prepared)
        try:
            tell(done=await carry_out(client, command["call"], command["args"], command["named"]))
        except Exception as error:  # whatever the client throws is what the test asked for
            tell(failed=f"{type(error).__name__}: {error}")


asyncio.run(main())
