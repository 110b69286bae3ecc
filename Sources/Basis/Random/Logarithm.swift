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

extension Double {
    /// The natural logarithm of the gamma function of this number, which has to be positive.
    package var logarithmOfGamma: Double { lgamma(self) }

    /// The complementary error function of this number.
    package var errorFunctionComplement: Double { erfc(self) }
}
