/// HTML or SVG that is being written, in one buffer: a page has ten thousands of coordinates and figures, and a string
/// for each of them would be most of its cost.
struct PageText {
    /// UTF-8.
    private(set) var bytes: [UInt8] = []

    init(capacity: Int = 0) {
        bytes.reserveCapacity(capacity)
    }

    var string: String { String(decoding: bytes, as: UTF8.self) }

    /// Appends markup as it is.
    mutating func add(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    /// Appends a text that is no markup.
    mutating func add(escaped text: String) {
        guard Markup.hasSpecials(text) else { return add(text) }
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): add("&amp;")
            case UInt8(ascii: "<"): add("&lt;")
            case UInt8(ascii: ">"): add("&gt;")
            case UInt8(ascii: "\""): add("&quot;")
            case UInt8(ascii: "'"): add("&#39;")
            default: bytes.append(byte)
            }
        }
    }

    /// Appends a coordinate: a tenth of a pixel is fine enough.
    mutating func add(coordinate value: Double) {
        guard value.isFinite, value.magnitude < 9e12 else { return bytes.append(UInt8(ascii: "0")) }
        let tenths = Int64((value * 10).rounded())
        if tenths < 0 { bytes.append(UInt8(ascii: "-")) }
        let (whole, rest) = tenths.magnitude.quotientAndRemainder(dividingBy: 10)
        add(digits: whole)
        guard rest > 0 else { return }
        bytes.append(UInt8(ascii: "."))
        bytes.append(UInt8(ascii: "0") + UInt8(rest))
    }

    /// Appends the coordinates of a point.
    mutating func add(point x: Double, _ y: Double) {
        add(coordinate: x)
        bytes.append(UInt8(ascii: " "))
        add(coordinate: y)
    }

    private mutating func add(digits number: UInt64) {
        var power: UInt64 = 1
        while number / power >= 10 { power *= 10 }
        var rest = number
        while power > 0 {
            let (digit, remainder) = rest.quotientAndRemainder(dividingBy: power)
            bytes.append(UInt8(ascii: "0") + UInt8(digit))
            rest = remainder
            power /= 10
        }
    }
}
