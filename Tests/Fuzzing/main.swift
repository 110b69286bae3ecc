import Glibc

/// libFuzzer's own main function.
@_silgen_name("LLVMFuzzerRunDriver")
func runDriver(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ input: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

// `fuzz TARGET [options and directories of libFuzzer]`; without a target: their names.
guard CommandLine.argc > 1, let target = FuzzTarget.all[String(cString: CommandLine.unsafeArgv[1]!)] else {
    for name in FuzzTarget.all.keys.sorted() { print(name) }
    exit(CommandLine.argc > 1 ? 2 : 0)
}
FuzzTarget.current = target
var count = CommandLine.argc - 1
var arguments = CommandLine.unsafeArgv + 1
arguments[0] = CommandLine.unsafeArgv[0]
exit(
    runDriver(&count, &arguments) { start, count in
        FuzzTarget.current(UnsafeRawBufferPointer(start: start, count: count))
        return 0
    })
