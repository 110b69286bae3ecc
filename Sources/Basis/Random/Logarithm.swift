#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension Double {
    /// The natural logarithm; of zero, minus infinity.
    package var naturalLogarithm: Double { log(self) }

    /// The number whose natural logarithm this is.
    package var exponential: Double { exp(self) }
}
