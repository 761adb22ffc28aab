"""HTTP/1.1 with keep-alive on the loopback, on an event loop in a thread of its own."""

import asyncio
import struct
import threading
from http import HTTPStatus
from socket import SO_LINGER, SOL_SOCKET
from types import TracebackType
from typing import Self

from fake_aws.service import Answer, Service
from fake_aws.wire import Reply

RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # linger for 0 seconds: closing sends a reset


class Endpoint:
    """A server on 127.0.0.1 for one `service`, which may be exchanged between two runs; a context manager."""

    def __init__(self, service: Service, *, port: int = 0) -> None:
        self.service = service
        self.open: set[asyncio.Transport] = set()
        self._port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="endpoint", daemon=True)

    @property
    def url(self) -> str:
        """Return the value for AWS_ENDPOINT_URL."""
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self._thread.start()
        self._port = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> int:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", self._port)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def _stop(self) -> None:
        self._server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for transport in tuple(self.open):
            transport.abort()
        await asyncio.sleep(0)  # a transport closes its socket in the loop's next round


class _Connection(asyncio.Protocol):
    """One keep-alive connection; requests come one after the other, as botocore sends them."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._received = b""
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what a TCP server hands out
        self._transport = transport
        self._endpoint.open.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's own
        self._endpoint.open.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, blank, rest = self._received.partition(b"\r\n\r\n")
        if not blank:
            return
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {key.lower(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", 0))
        if len(rest) < length:
            return
        self._received = rest[length:]
        method, path, _ = first.split(" ")
        answer = self._endpoint.service.answer(method, path, headers, rest[:length])
        task = asyncio.get_running_loop().create_task(self._send(answer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, answer: Answer) -> None:
        if answer.after:
            await asyncio.sleep(answer.after)
        if answer.reply is Reply.NEVER or self._transport.is_closing():
            return
        if answer.reply is Reply.RESET:
            self._transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, RESET_ON_CLOSE)
            self._transport.abort()
            return
        head = (
            f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\r\n"
            f"Content-Type: {answer.kind};charset=UTF-8\r\nContent-Length: {len(answer.body)}\r\n\r\n"
        ).encode()
        arrives = {
            Reply.NONE: b"",
            Reply.NOISE: b"\x15\x03\x03\x00\x02\x02\x28",
            Reply.HEAD: head[: len(head) // 2],
            Reply.HALF: head + answer.body[: len(answer.body) // 2],
        }
        self._transport.write(arrives.get(answer.reply, head + answer.body))
        if answer.reply in arrives:
            self._transport.close()
