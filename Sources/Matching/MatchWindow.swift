import Basis

/// The reports and messages of one connection that are not matched yet.
struct MatchWindow: Sendable {
    /// Reports that wait, oldest first.
    var reports: [WaitingReport] = []
    /// Messages that may answer one of them, oldest first.
    var messages: [WaitingMessage] = []
    /// Reports that were passed over: taken for unanswered until the longest time of an answer is over.
    var passedOver: [PassedOverReport] = []
    /// When the last report or message was.
    var lastEvent: Instant = .zero
    /// When the last answer was received; `nil`: not known.
    var lastAnswer: Instant?
    /// The number of the newest Ping whose Pong is awaited.
    var pingNumber: UInt16?

    /// Reports that wait and are not overdue, less the messages that wait.
    var openReports: Int {
        var overdue = 0
        while overdue < reports.count, reports[overdue].report.wasOverdue { overdue += 1 }
        return max(reports.count - overdue - messages.count, 0)
    }

    mutating func removeAll() {
        reports.removeAll(keepingCapacity: reports.capacity <= 64)
        messages.removeAll(keepingCapacity: true)
        passedOver.removeAll(keepingCapacity: true)
        lastAnswer = nil
        pingNumber = nil
    }
}

struct WaitingReport: Sendable {
    var report: SentReport
    let number: UInt16
    /// The bin in which it was learned as not answered yet.
    var censoredBin: Int8 = -1
}

struct WaitingMessage: Sendable {
    let at: Instant
    let type: ReceivedMessage
}

struct PassedOverReport: Sendable {
    var report: SentReport
    var range: ServiceTimeRange?

    /// So many are remembered for late answers.
    static let limit = 4
}

/// The windows of a shard. One is in use while a connection has something in doubt.
///
/// After a jam, in which thousands are in use, their memory is not kept: it lies between what stays.
struct WindowPool: Sendable {
    private var windows: [MatchWindow] = []
    /// Windows that are not in use, with the memory that they had.
    private var ready: [UInt32] = []
    /// Windows that are not in use and have no memory.
    private var bare: [UInt32] = []

    /// So many windows that are not in use keep their memory.
    static let maxReady = 64
    /// So many places are kept when no window is in use.
    static let maxPlaces = 1_024

    /// The windows in use.
    var count: Int { windows.count - ready.count - bare.count }

    mutating func open() -> UInt32 {
        if let index = ready.popLast() ?? bare.popLast() { return index }
        windows.append(MatchWindow())
        return UInt32(windows.count - 1)
    }

    /// Gives back a window that is empty.
    mutating func close(_ index: UInt32) {
        if ready.count < Self.maxReady {
            ready.append(index)
        } else {
            windows[Int(index)] = MatchWindow()
            bare.append(index)
        }
        if count == 0, windows.count > Self.maxPlaces { self = WindowPool() }
    }

    subscript(index: UInt32) -> MatchWindow {
        _read { yield windows[Int(index)] }
    }

    /// Takes a window out, so that it can be changed beside the rest of the matcher.
    mutating func take(_ index: UInt32) -> MatchWindow {
        var window = MatchWindow()
        swap(&window, &windows[Int(index)])
        return window
    }

    mutating func put(_ window: consuming MatchWindow, at index: UInt32) {
        windows[Int(index)] = window
    }
}
