// Times C++ Protocol Buffers, with arenas, on the messages that `CodecRatios --write` leaves in a folder.
// Each figure is the least of many short batches, as in the Swift program beside it.

#include <google/protobuf/arena.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "OpAMPOracle.pb.h"

namespace {

using Clock = std::chrono::steady_clock;

double Nanoseconds(int count, const std::function<void()>& work) {
    const auto start = Clock::now();
    for (int i = 0; i < count; ++i) work();
    return std::chrono::duration<double, std::nano>(Clock::now() - start).count() / count;
}

double Best(const std::function<void()>& work) {
    int count = 1;
    while (Nanoseconds(count, work) * count < 200'000) count *= 2;
    double best = 1e300;
    for (int batch = 0; batch < 300; ++batch) best = std::min(best, Nanoseconds(count, work));
    return best;
}

std::string Read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

template <typename Message>
bool Measure(const std::string& folder, const char* name, const char* type) {
    const std::string bytes = Read(folder + "/" + name + "." + type);
    // The arena keeps one block for good, as a server would that handles message after message.
    std::vector<char> block(256 * 1024);
    google::protobuf::ArenaOptions options;
    options.initial_block = block.data();
    options.initial_block_size = block.size();
    google::protobuf::Arena arena(options);
    auto* message = google::protobuf::Arena::CreateMessage<Message>(&arena);
    if (bytes.empty() || !message->ParseFromString(bytes)) {
        std::fprintf(stderr, "%s: cannot be read\n", name);
        return false;
    }
    std::vector<char> out(message->ByteSizeLong());
    const double encode = Best([&] {
        const size_t size = message->ByteSizeLong();
        message->SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t*>(out.data()));
        asm volatile("" : : "r"(out.data()), "r"(size) : "memory");
    });
    const double decode = Best([&] {
        arena.Reset();
        auto* parsed = google::protobuf::Arena::CreateMessage<Message>(&arena);
        const bool fine = parsed->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
        asm volatile("" : : "r"(parsed), "r"(fine) : "memory");
    });
    std::printf("%-20s encode %10.1f ns   decode %10.1f ns   (%zu bytes)\n", name, encode, decode, bytes.size());
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    using opamp::proto::v1::AgentToServer;
    using opamp::proto::v1::ServerToAgent;
    const std::string folder = argv[1];
    const bool fine = Measure<AgentToServer>(folder, "heartbeat", "AgentToServer") &&
                      Measure<ServerToAgent>(folder, "acknowledgement", "ServerToAgent") &&
                      Measure<AgentToServer>(folder, "full-report", "AgentToServer") &&
                      Measure<ServerToAgent>(folder, "remote-config", "ServerToAgent") &&
                      Measure<ServerToAgent>(folder, "packages", "ServerToAgent");
    return fine ? 0 : 1;
}
