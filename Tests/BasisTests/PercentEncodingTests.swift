import Basis
import Testing

@Suite("Percent-encoding and redaction of URLs")
struct PercentEncodingTests {
    @Test("A name becomes one segment of a path, whatever it holds")
    func paths() {
        let cases = [
            ("collector-0.1.tar.gz", "collector-0.1.tar.gz"), ("my agent", "my%20agent"), ("a/b", "a/b"),
            ("100%", "100%25"), ("a?b#c", "a%3Fb%23c"), ("gr\u{FC}n", "gr%C3%BCn"), ("a\r\nb", "a%0D%0Ab"),
            ("1.2+build~3", "1.2%2Bbuild~3"), ("", ""),
        ]
        for (name, path) in cases { #expect(PercentEncoding.path(name) == path) }
    }

    @Test("Of a URL only what no URL may hold is encoded")
    func urls() {
        let cases = [
            ("http://h/a%20b?x=1&y=%2F#z", "http://h/a%20b?x=1&y=%2F#z"), ("http://h/a b", "http://h/a%20b"),
            ("http://h/\u{E9}|{}", "http://h/%C3%A9%7C%7B%7D"), ("http://h/\r\nX: y", "http://h/%0D%0AX:%20y"),
        ]
        for (text, url) in cases { #expect(PercentEncoding.url(text) == url) }
    }

    @Test("What is shown of a URL has neither user nor query nor fragment")
    func redaction() {
        let cases = [
            ("ws://h:1/p", "ws://h:1/p"), ("ws://h/p?a=b&c", "ws://h/p?[redacted]"),
            ("ws://h/p#t", "ws://h/p#[redacted]"),
            ("ws://u:p@h/p", "ws://[redacted]@h/p"), ("ws://u:p/@h", "ws://[redacted]@h"), ("u:p@h", "[redacted]@h"),
            ("http://h/p?u@v", "http://h/p?[redacted]"), ("", ""), ("?", "?[redacted]"), ("@", "[redacted]@"),
        ]
        for (text, shown) in cases { #expect(Redaction.url(text) == shown) }
    }
}
