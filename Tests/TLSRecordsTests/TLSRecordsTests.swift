import Testing

@testable import TLSRecords
