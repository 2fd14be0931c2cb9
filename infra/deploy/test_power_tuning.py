"""Measuring a function at sizes of memory: what is shown, and that the size is set back."""

import base64
import io
import unittest
from unittest import mock

import power_tuning


def lambda_client(error=None) -> mock.Mock:
    """AWS Lambda as it answers: a report in the log's tail, slower the less memory there is."""
    client, size = mock.Mock(), {"MemorySize": 512}
    client.get_function_configuration.side_effect = lambda FunctionName: dict(size)
    client.update_function_configuration.side_effect = lambda FunctionName, MemorySize: size.update(
        MemorySize=MemorySize
    )

    def invoke(FunctionName, Payload, LogType) -> dict:
        took = 12800 / size["MemorySize"]
        report = f"REPORT RequestId: 1\tDuration: {took:.2f} ms\tBilled Duration: {took:.0f} ms\tMemory Size: 1 MB"
        logged = {"LogResult": base64.b64encode(report.encode()).decode(), "Payload": io.BytesIO(b"it broke")}
        return logged | ({"FunctionError": error} if error else {})

    client.invoke.side_effect = invoke
    client.size = size
    return client


class PowerTuning(unittest.TestCase):
    def test_each_size_is_shown_with_its_price(self) -> None:
        client, lines = lambda_client(), []
        power_tuning.measure(client, "shop-view", b"{}", 3, lines.append)
        self.assertEqual(len(lines), len(power_tuning.SIZES))
        self.assertEqual(lines[0], "  128 MB  median    100.0 ms  $0.00017 per 1,000 calls")
        self.assertIn("median     25.0 ms", lines[2])
        self.assertEqual(client.size["MemorySize"], 512)

    def test_the_size_is_set_back_after_a_failure(self) -> None:
        client = lambda_client("Unhandled")
        with self.assertRaisesRegex(SystemExit, "it broke"):
            power_tuning.measure(client, "shop-view", b"{}", 3)
        self.assertEqual(client.size["MemorySize"], 512)

    def test_the_event_asks_for_the_product(self) -> None:
        self.assertIn(b'"product_id": "lamp"', power_tuning.event_of("ViewProductFunction", "lamp"))
        self.assertNotIn(b"lamp-7", power_tuning.event_of("BrowseProductsFunction", "lamp-7"))


if __name__ == "__main__":
    unittest.main()
