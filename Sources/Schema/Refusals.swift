extension Kind {
    /// The same kind, which refuses a word or text without repeating it: it may be a secret.
    public func refusingTexts(_ why: String) -> Kind {
        Kind(
            shape: shape,
            read: { spot, current in
                guard case .scalar = spot.tree.shape else { return read(spot, current) }
                spot.report(.contradiction(why))
                return nil
            }, write: write, sample: sample)
    }
}
