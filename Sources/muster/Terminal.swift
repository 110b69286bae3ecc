import Basis
import Foundation
import Report

/// The terminal that the command was started from, if there is one.
enum Terminal {
    /// Standard output is a terminal that can be redrawn.
    static var isInteractive: Bool {
        isatty(STDOUT_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
    }

    /// Columns, or `nil` where there is no terminal.
    static var width: Int? {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// Colour on a terminal, unless the user asked for none (https://no-color.org).
    static var style: TextStyle {
        isInteractive && ProcessInfo.processInfo.environment["NO_COLOR"] == nil ? .colour : .plain
    }
}
