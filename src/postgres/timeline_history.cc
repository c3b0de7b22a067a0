// SPDX-License-Identifier: Apache-2.0
#include "postgres/timeline_history.h"

#include <algorithm>

#include "postgres/wal_file_name.h"

namespace cairn::postgres {
namespace {

constexpr std::string_view kBlank = " \t\r";

std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(kBlank));
  line.remove_prefix(word.size());
  return word;
}

std::string_view trim(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
  while (!text.empty() && kBlank.find(text.back()) != std::string_view::npos) {
    text.remove_suffix(1);
  }
  return text;
}

Result<TimelineSwitch> parse_line(std::string_view line) {
  const TimelineId timeline = TRY(parse_timeline(take_word(line)));
  const Lsn end = TRY(parse_lsn(take_word(line)));
  return TimelineSwitch{timeline, end, std::string(trim(line))};
}

// Whether `next` may follow the ancestors so far.
Result<> check_order(const std::vector<TimelineSwitch>& ancestors, const TimelineSwitch& next,
                     TimelineId descendant) {
  if (next.timeline >= descendant) {
    return corrupt("timeline {} cannot descend from {}", descendant.value, next.timeline.value);
  }
  if (ancestors.empty()) return {};
  if (next.timeline <= ancestors.back().timeline) {
    return corrupt("timeline {} follows {}: ancestors must ascend", next.timeline.value,
                   ancestors.back().timeline.value);
  }
  if (next.end < ancestors.back().end) {
    return corrupt("timeline {} ends at {}, before it begins at {}", next.timeline.value,
                   next.end.text(), ancestors.back().end.text());
  }
  return {};
}

}  // namespace

Result<TimelineHistory> TimelineHistory::parse(TimelineId timeline, std::string_view text) {
  TimelineHistory history(timeline);
  const std::string name = history_file_name(timeline);
  if (text.size() > kTimelineHistoryBytesMax) {
    return corrupt("{} is {} bytes long, more than any history", name, text.size());
  }
  int line_number = 0;
  while (!text.empty()) {
    const std::string_view line = trim(text.substr(0, text.find('\n')));
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
    ++line_number;
    if (line.empty() || line.front() == '#') continue;
    auto ancestor = parse_line(line);
    if (!ancestor.ok()) {
      return corrupt("{} line {}: {}", name, line_number, ancestor.error().message());
    }
    TRY(check_order(history.ancestors_, ancestor.value(), timeline)
            .context(fmt::format("{} line {}", name, line_number)));
    history.ancestors_.push_back(std::move(ancestor).value());
  }
  return history;
}

Result<TimelineHistory> TimelineHistory::branch(TimelineId timeline, Lsn end,
                                                std::string reason) const {
  TimelineHistory result(timeline);
  result.ancestors_ = ancestors_;
  TimelineSwitch last{timeline_, end, std::move(reason)};
  TRY(check_order(ancestors_, last, timeline));
  result.ancestors_.push_back(std::move(last));
  return result;
}

std::string TimelineHistory::text() const {
  std::string result;
  for (const TimelineSwitch& ancestor : ancestors_) {
    // PostgreSQL separates the lines that it adds by an empty line.
    result += fmt::format("{}{}\t{}\t{}\n", result.empty() ? "" : "\n", ancestor.timeline.value,
                          ancestor.end.text(), ancestor.reason);
  }
  return result;
}

bool TimelineHistory::has_ancestor(TimelineId timeline) const {
  return end_of(timeline).has_value();
}

TimelineId TimelineHistory::timeline_at(Lsn lsn) const {
  for (const TimelineSwitch& ancestor : ancestors_) {
    if (lsn < ancestor.end) return ancestor.timeline;
  }
  return timeline_;
}

std::optional<Lsn> TimelineHistory::begin_of(TimelineId timeline) const {
  Lsn begin;
  for (const TimelineSwitch& ancestor : ancestors_) {
    if (ancestor.timeline == timeline) return begin;
    begin = ancestor.end;
  }
  if (timeline == timeline_) return begin;
  return {};
}

std::optional<Lsn> TimelineHistory::end_of(TimelineId timeline) const {
  for (const TimelineSwitch& ancestor : ancestors_) {
    if (ancestor.timeline == timeline) return ancestor.end;
  }
  return {};
}

bool TimelineHistory::contains(TimelineId timeline, Lsn lsn) const {
  if (timeline == timeline_) return true;
  const std::optional<Lsn> end = end_of(timeline);
  return end && lsn <= *end;
}

WalSegment TimelineHistory::segment(std::uint64_t number, WalSegmentSize size) const {
  // As recovery does: the youngest timeline that had begun by the end of the segment.
  TimelineId timeline = ancestors_.empty() ? timeline_ : ancestors_.front().timeline;
  for (std::size_t i = 0; i < ancestors_.size(); ++i) {
    if (ancestors_[i].end.value / size.bytes() > number) break;
    timeline = i + 1 < ancestors_.size() ? ancestors_[i + 1].timeline : timeline_;
  }
  return {timeline, number};
}

}  // namespace cairn::postgres
