import Prometheus
import Testing

@Suite("The format of a page of metrics")
struct ExpositionFormatTests {
    private static let families =
        "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"

    @Test(
        "A scraper that names the messages and gives text no more weight gets messages",
        arguments: [
            families,
            families + ";q=0.6, text/plain;version=0.0.4;q=0.5, */*;q=0.1",
            families + ", application/openmetrics-text;version=1.0.0;q=0.8, text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            "text/plain; version=0.0.4, " + families,
            "APPLICATION/vnd.google.protobuf;Encoding=\"delimited\";proto=io.prometheus.client.MetricFamily",
            "text/plain;version=1.0.0, " + families + ";q=0.9",
        ])
    func messages(accept: String) {
        #expect(ExpositionFormat(accept: [accept]) == .protobuf)
        #expect(ExpositionFormat(accept: accept.split(separator: ",").map(String.init)) == .protobuf)
    }

    @Test(
        "Every other one gets text",
        arguments: [
            "", "*/*", "text/plain", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
            families + ";q=0", families + ";q=nonsense", families + ";q=0.4, text/plain;version=0.0.4;q=0.5",
            "application/vnd.google.protobuf", "application/*",
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text",
            "application/vnd.google.protobuf;proto=other.Message;encoding=delimited",
        ])
    func text(accept: String) {
        #expect(ExpositionFormat(accept: [accept]) == .text)
    }

    @Test("Without Accept it is text")
    func none() {
        #expect(ExpositionFormat(accept: []) == .text)
    }
}
