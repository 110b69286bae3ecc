/// The rules of a rollout engine of the field, as a plan.
public enum RolloutPreset: String, CaseIterable, Hashable, Sendable {
    case kubernetes
    case argo = "argo-rollouts"
    case flagger
    case awsIoT = "aws-iot-jobs"
    case awsSSM = "aws-ssm"
    case awsAppConfig = "aws-appconfig"
    case bindplane, ampora
    case elasticFleet = "elastic-fleet"

    var sentence: String {
        switch self {
        case .kubernetes: "A Kubernetes Deployment with its default rolling update."
        case .argo: "Argo Rollouts: a canary of weights and pauses with an analysis."
        case .flagger: "Flagger: weights that grow each minute, with thresholds and rollback."
        case .awsIoT: "AWS IoT Jobs: a rate that grows with success, and an abort criterion."
        case .awsSSM: "AWS Systems Manager Run Command: fifty at once, stopped by errors."
        case .awsAppConfig: "AWS AppConfig: a fifth each six minutes, then a bake time."
        case .bindplane: "Bindplane: three agents, then five times as many, up to a hundred."
        case .ampora: "Ampora: steps with four gates."
        case .elasticFleet: "Elastic Fleet: upgrades over a time window, with retries."
        }
    }
}
