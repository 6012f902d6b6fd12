"""Stands between the Java clients and a broker; keeps one exchange of each API key and version.

Usage: capture_proxy.py LISTEN_PORT BROKER_PORT FOLDER. A file holds a request frame and its response frame.
"""

import asyncio
import os
import struct
import sys

LARGEST = 6_000
kept = {}


def keep(folder, request, response):
    key, version = struct.unpack(">hh", request[4:8])
    exchange = request + response
    # The exchange with the most content says the most.
    if len(exchange) <= LARGEST and len(exchange) > len(kept.get((key, version), b"")):
        kept[key, version] = exchange
        with open(os.path.join(folder, f"{key:02}-{version:02}.bin"), "wb") as file:
            file.write(exchange)


async def frames(reader, writer, handle):
    try:
        while True:
            length = await reader.readexactly(4)
            frame = length + await reader.readexactly(struct.unpack(">i", length)[0])
            handle(frame)
            writer.write(frame)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main(listen, broker, folder):
    os.makedirs(folder, exist_ok=True)

    async def connected(reader, writer):
        upstream, downstream = await asyncio.open_connection("127.0.0.1", broker)
        waiting = {}

        def asked(frame):
            waiting[frame[8:12]] = frame

        def answered(frame):
            keep(folder, waiting.pop(frame[4:8]), frame)

        await asyncio.gather(frames(reader, downstream, asked), frames(upstream, writer, answered))

    server = await asyncio.start_server(connected, "127.0.0.1", listen)
    async with server:
        await server.serve_forever()


asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
