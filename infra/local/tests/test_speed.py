import queue
import socket
import socketserver
import threading
import time
import unittest

from emulation import speed


class Server(socketserver.ThreadingTCPServer):
    server_activate = speed.activate
    serve_forever = speed.serve_until_shutdown
    shutdown = speed.shutdown


class Echo(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.wfile.write(self.rfile.readline())


class WokenServer(unittest.TestCase):
    def setUp(self) -> None:
        self.server = Server(("127.0.0.1", 0), Echo)
        self.addCleanup(self.server.server_close)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def ask(self) -> bytes:
        with socket.create_connection(self.server.server_address, timeout=5) as connection:
            connection.sendall(b"hello\n")
            return connection.recv(100)

    def test_it_serves(self) -> None:
        self.thread.start()
        self.addCleanup(self.server.shutdown)
        self.assertEqual([self.ask() for _ in range(3)], [b"hello\n"] * 3)

    def test_it_ends_at_once(self) -> None:
        self.thread.start()
        self.ask()
        started = time.monotonic()
        self.server.shutdown()
        self.thread.join(5)
        self.assertFalse(self.thread.is_alive())
        self.assertLess(time.monotonic() - started, 0.9, "it waited for the end of a wait")

    def test_an_end_before_the_beginning(self) -> None:
        self.server.shutdown()
        self.thread.start()
        self.thread.join(5)
        self.assertFalse(self.thread.is_alive())


class Patience(unittest.TestCase):
    def test_a_reader_is_woken(self) -> None:
        lines = speed.PatientQueue()
        threading.Timer(0.3, lines.put, ["event"]).start()
        self.assertEqual(lines.get(timeout=0.1), "event")

    def test_a_reader_that_does_not_wait_does_not(self) -> None:
        with self.assertRaises(queue.Empty):
            speed.PatientQueue().get_nowait()


class Expressions(unittest.TestCase):
    def test_an_expression_is_read_once(self) -> None:
        read = []

        def tokenize(expression) -> list[tuple[str, str]]:
            read.append(expression)
            return [("NAME", expression)]

        once = speed.parse_once(tokenize)
        first, second = once("stock"), once("stock")
        first.clear()
        self.assertEqual((read, second), (["stock"], [("NAME", "stock")]))


if __name__ == "__main__":
    unittest.main()
