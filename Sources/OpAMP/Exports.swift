// Who uses the messages needs their errors, limits and attributes as well.
@_exported public import Protobuf
