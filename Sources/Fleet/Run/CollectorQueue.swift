import Basis
import Dispatch

/// The queue that a run's collector works on: apart from the threads that tasks share, so that other tasks, however
/// long they compute, do not delay its ticks and events.
final class CollectorQueue: SerialExecutor {
    private let queue = DispatchQueue(label: "muster.run", qos: .userInitiated)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { [self] in job.runSynchronously(on: asUnownedSerialExecutor()) }
    }

    /// Lets `span` pass. `Task.sleep` would need one of the shared threads to wake up.
    func pause(_ span: Nanoseconds, isolation: isolated (any Actor)? = #isolation) async {
        await withCheckedContinuation { continuation in
            queue.asyncAfter(deadline: .now() + .nanoseconds(Int(span.count))) { continuation.resume() }
        }
    }
}
