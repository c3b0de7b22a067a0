// SPDX-License-Identifier: Apache-2.0
// A folder of a store as a store of its own: keys go in with the folder in front and come out
// without it.
#pragma once

#include <memory>

#include "object_store/object_store.h"

namespace cairn::object_store {

// `inner` outlives the layer. Keys that become too long with the folder are InvalidArgument.
std::unique_ptr<ObjectStore> make_prefix_layer(ObjectStore& inner, const ObjectKey& folder);

}  // namespace cairn::object_store
