/// A small tar.gz as Python's tarfile and gzip make it: two files, one of them executable.
enum GzipFixture {
    static let bytes: [UInt8] = {
        let text = """
            1f8b0800000000000203edd74d0ac2301040e1ec044fd113d889e607bc4d0d5914aa85340a22dedd50415070678be8fb
            36336493edbc5d7ba8fb1cbbd0776a2a52786bc759bc4eebfc63bfbf6bd1daa84ad40c8e436e52f95efda70500000080
            aff7a9fb3fe65087d5b9d94f977f63db3963def59f8876cffd27dead37f4df1c520cb13dc5346cabcb75a90000000000
            000000c00fb801e8721df200280000
            """
        let digits = Array(text.utf8).filter { $0 != 0x0A }.map { $0 < 0x3A ? $0 - 0x30 : $0 - 0x61 + 10 }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }()
}
