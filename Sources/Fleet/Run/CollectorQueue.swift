import Dispatch

/// The queue that a run's collector works on: a thread of its own, so that other tasks of the process, however long they
/// compute, do not delay its ticks and events.
final class CollectorQueue: SerialExecutor {
    private let queue = DispatchQueue(label: "muster.run", qos: .userInitiated)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { [self] in job.runSynchronously(on: asUnownedSerialExecutor()) }
    }
}
