/// Delta debugging (ddmin; Zeller and Hildebrandt, 2002): a small part of a list that still fails.
///
/// - Parameters:
///   - list: fails as a whole.
///   - limit: at most so many calls of `fails`; then the list is returned as far as it is reduced.
///   - fails: whether a part of the list, in its order, still fails.
/// - Returns: A part from which no single element can be left out, unless the limit was reached. Between n log n and n²
///   calls in the worst case, a few hundred in usual ones.
func minimized<Element>(_ list: [Element], limit: Int, _ fails: ([Element]) -> Bool) -> [Element] {
    var list = list
    var parts = 2
    var calls = 0
    while list.count >= 2, calls < limit {
        let size = (list.count + parts - 1) / parts
        var isReduced = false
        for start in stride(from: 0, to: list.count, by: size) where calls < limit {
            let rest = Array(list[..<start] + list[min(start + size, list.count)...])
            calls += 1
            guard fails(rest) else { continue }
            list = rest
            parts = max(parts - 1, 2)
            isReduced = true
            break
        }
        if isReduced { continue }
        if parts >= list.count { break }
        parts = min(parts * 2, list.count)
    }
    if list.count == 1, calls < limit, fails([]) { return [] }
    return list
}
