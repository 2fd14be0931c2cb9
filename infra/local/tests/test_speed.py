import collections
import concurrent.futures
import queue
import socket
import socketserver
import threading
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
        with socket.create_connection(self.server.server_address, timeout=60) as connection:
            connection.sendall(b"hello\n")
            return connection.recv(100)

    def test_it_serves(self) -> None:
        self.thread.start()
        self.addCleanup(self.server.shutdown)
        self.assertEqual([self.ask() for _ in range(3)], [b"hello\n"] * 3)

    def test_it_is_woken_for_its_end(self) -> None:
        ended, wait = [], self.server.ended.wait
        self.server.ended.wait = lambda _: ended.append(wait(60))
        self.thread.start()
        self.ask()
        self.server.shutdown()
        self.thread.join(60)
        self.assertFalse(self.thread.is_alive())
        self.assertEqual(ended, [True])

    def test_an_end_before_the_beginning(self) -> None:
        self.server.shutdown()
        self.thread.start()
        self.thread.join(60)
        self.assertFalse(self.thread.is_alive())


class Patience(unittest.TestCase):
    def test_a_reader_is_woken(self) -> None:
        lines = speed.PatientQueue()
        threading.Timer(0.3, lines.put, ["event"]).start()
        self.assertEqual(lines.get(timeout=0.1), "event")

    def test_a_reader_that_does_not_wait_does_not(self) -> None:
        with self.assertRaises(queue.Empty):
            speed.PatientQueue().get_nowait()


class EdgeFunctions(unittest.TestCase):
    def test_few_run_at_once_and_all_are_answered(self) -> None:
        running, most = 0, 0
        lock, two = threading.Lock(), threading.Barrier(2, timeout=60)

        def evaluate(code, event) -> str:
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
            two.wait()
            with lock:
                running -= 1
            if event == 3:
                raise ValueError(code)
            return f"{code} {event}"

        few = speed.few_at_once(evaluate, 2)
        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            asked = [threads.submit(few, "code", event) for event in range(8)]
        self.assertEqual(most, 2)
        self.assertIsInstance(asked[3].exception(), ValueError)
        self.assertEqual([each.result() for each in asked[4:]], ["code 4", "code 5", "code 6", "code 7"])


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


class Copies(unittest.TestCase):
    def test_a_copy_shares_nothing_that_changes(self) -> None:
        item = {"n": {"N": "1"}, "l": {"L": [{"S": "a"}, {"M": {"b": {"BOOL": True}}}]}, "s": {"SS": ["x"]}, "z": None}
        kept = collections.defaultdict(dict, {"a": [1, 2.5]})
        got = speed.copied([item, kept])
        self.assertEqual(got, [item, kept])
        got[0]["l"]["L"][1]["M"]["b"]["BOOL"] = False
        got[0]["s"]["SS"].append("y")
        got[1]["a"].append(3)
        self.assertEqual(item["l"]["L"][1]["M"]["b"], {"BOOL": True})
        self.assertEqual((item["s"], kept["a"], type(got[1])), ({"SS": ["x"]}, [1, 2.5], collections.defaultdict))


if __name__ == "__main__":
    unittest.main()
