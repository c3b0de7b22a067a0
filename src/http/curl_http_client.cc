// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <vector>

#include "base/guarded.h"
#include "http/curl_transfer.h"
#include "http/http_client.h"
#include "http/url.h"

namespace cairn::http {

namespace {

constexpr std::size_t kIdleTransfersMax = 64;

// Transfers at rest, each with the connection of its last exchange. Thread-safe.
class TransferPool {
 public:
  explicit TransferPool(const HttpOptions& options) : options_(options) {}

  // Prefers one that is already connected to `origin`, the most recently used first.
  Result<std::unique_ptr<CurlTransfer>> take(const std::string& origin) {
    std::unique_ptr<CurlTransfer> idle = idle_.with([&](auto& all) {
      const auto found = std::find_if(all.rbegin(), all.rend(),
                                      [&](const auto& one) { return one->origin() == origin; });
      if (found == all.rend()) return std::unique_ptr<CurlTransfer>();
      std::unique_ptr<CurlTransfer> taken = std::move(*found);
      all.erase(std::next(found).base());
      return taken;
    });
    if (idle) return idle;
    return CurlTransfer::make(options_);
  }

  void give_back(std::unique_ptr<CurlTransfer> transfer) {
    transfer->finish();
    idle_.with([&](auto& all) {
      // The one that rested longest goes: its connection is the likeliest to be dead. It is
      // destroyed outside the lock, as `transfer`.
      all.push_back(std::move(transfer));
      if (all.size() <= kIdleTransfersMax) return;
      transfer = std::move(all.front());
      all.erase(all.begin());
    });
  }

 private:
  const HttpOptions options_;
  Guarded<std::vector<std::unique_ptr<CurlTransfer>>> idle_;
};

class CurlBody final : public Source {
 public:
  CurlBody(TransferPool& pool, std::unique_ptr<CurlTransfer> transfer)
      : pool_(pool), transfer_(std::move(transfer)) {}
  ~CurlBody() override { pool_.give_back(std::move(transfer_)); }
  CurlBody(const CurlBody&) = delete;
  CurlBody& operator=(const CurlBody&) = delete;

  Result<std::size_t> read(std::span<char> out) override { return transfer_->read(out); }

 private:
  TransferPool& pool_;
  std::unique_ptr<CurlTransfer> transfer_;
};

class CurlHttpClient final : public HttpClient {
 public:
  explicit CurlHttpClient(const HttpOptions& options) : pool_(options) {}

  Result<HttpResponse> send(const HttpRequest& request, std::stop_token stop) override {
    const Url url = TRY(parse_url(request.url));
    std::unique_ptr<CurlTransfer> transfer = TRY(pool_.take(url.origin()));
    Result<HttpResponse> response = transfer->start(request, url, std::move(stop));
    if (!response.ok()) {
      pool_.give_back(std::move(transfer));
      return response;
    }
    response.value().body = std::make_unique<CurlBody>(pool_, std::move(transfer));
    return response;
  }

 private:
  TransferPool pool_;
};

}  // namespace

std::unique_ptr<HttpClient> make_http_client(const HttpOptions& options) {
  return std::make_unique<CurlHttpClient>(options);
}

}  // namespace cairn::http
