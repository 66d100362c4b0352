// What libstdc++'s node-based containers leave to its library: links of lists, balancing of
// trees, sizes of hash tables. Empty with another C++ library.
#include <cstdint>
#include <cstring>
#include <list>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>

#ifdef __GLIBCXX__

namespace std {

// --- std::string -----------------------------------------------------------------------------
//
// Without optimisation these are not inlined, and their header counts on one copy of each.

template class allocator<char>;
template class allocator<wchar_t>;

// --- std::list -------------------------------------------------------------------------------

namespace __detail {

void _List_node_base::_M_hook(_List_node_base* const before) noexcept {
  _M_next = before;
  _M_prev = before->_M_prev;
  before->_M_prev->_M_next = this;
  before->_M_prev = this;
}

void _List_node_base::_M_unhook() noexcept {
  _M_prev->_M_next = _M_next;
  _M_next->_M_prev = _M_prev;
}

// Moves the nodes from `first` up to `last` in front of this one.
void _List_node_base::_M_transfer(_List_node_base* const first,
                                  _List_node_base* const last) noexcept {
  if (first == last || this == last) return;
  _List_node_base* final = last->_M_prev;
  first->_M_prev->_M_next = last;
  last->_M_prev = first->_M_prev;
  first->_M_prev = _M_prev;
  _M_prev->_M_next = first;
  final->_M_next = this;
  _M_prev = final;
}

void _List_node_base::_M_reverse() noexcept {
  _List_node_base* node = this;
  do {
    _List_node_base* next = node->_M_next;
    node->_M_next = node->_M_prev;
    node->_M_prev = next;
    node = next;
  } while (node != this);
}

void _List_node_base::swap(_List_node_base& a, _List_node_base& b) noexcept {
  // Through a third head, so that an empty list needs no case of its own.
  _List_node_base kept;
  kept._M_next = kept._M_prev = &kept;
  auto move_all = [](_List_node_base& from, _List_node_base& to) {
    to._M_transfer(from._M_next, &from);
  };
  move_all(a, kept);
  move_all(b, a);
  move_all(kept, b);
}

}  // namespace __detail

// --- std::map, std::set: red-black trees -------------------------------------------------------
//
// The header's parent is the root, its left and right the first and the last node.

using Node = _Rb_tree_node_base;

namespace {

bool IsRed(const Node* node) { return node != nullptr && node->_M_color == _S_red; }

// Puts `child` where `node` hangs.
void Replace(Node* node, Node* child, Node*& root) {
  Node* parent = node->_M_parent;
  if (node == root) {
    root = child;
  } else if (parent->_M_left == node) {
    parent->_M_left = child;
  } else {
    parent->_M_right = child;
  }
  if (child != nullptr) child->_M_parent = parent;
}

// Lifts the right (or left) child of `node` above it.
void Rotate(Node* node, bool left, Node*& root) {
  Node*& side = left ? node->_M_right : node->_M_left;
  Node* child = side;
  Node*& inner = left ? child->_M_left : child->_M_right;
  side = inner;
  if (inner != nullptr) inner->_M_parent = node;
  Replace(node, child, root);
  inner = node;
  node->_M_parent = child;
}

}  // namespace

Node* _Rb_tree_increment(Node* node) noexcept {
  if (node->_M_right != nullptr) return Node::_S_minimum(node->_M_right);
  Node* parent = node->_M_parent;
  while (node == parent->_M_right) {
    node = parent;
    parent = parent->_M_parent;
  }
  // Behind the last node stands the header, also if that is the root.
  return node->_M_right == parent ? node : parent;
}

Node* _Rb_tree_decrement(Node* node) noexcept {
  // The header is red, and its parent's parent.
  if (node->_M_color == _S_red && node->_M_parent->_M_parent == node) return node->_M_right;
  if (node->_M_left != nullptr) return Node::_S_maximum(node->_M_left);
  Node* parent = node->_M_parent;
  while (node == parent->_M_left) {
    node = parent;
    parent = parent->_M_parent;
  }
  return parent;
}

const Node* _Rb_tree_increment(const Node* node) noexcept {
  return _Rb_tree_increment(const_cast<Node*>(node));
}
const Node* _Rb_tree_decrement(const Node* node) noexcept {
  return _Rb_tree_decrement(const_cast<Node*>(node));
}

void _Rb_tree_insert_and_rebalance(const bool left, Node* node, Node* parent,
                                   Node& header) noexcept {
  Node*& root = header._M_parent;
  node->_M_parent = parent;
  node->_M_left = node->_M_right = nullptr;
  node->_M_color = _S_red;
  if (left) {
    // The header's left is the first node, so that this sets it for the root.
    parent->_M_left = node;
    if (parent == &header) {
      root = header._M_right = node;
    } else if (parent == header._M_left) {
      header._M_left = node;
    }
  } else {
    parent->_M_right = node;
    if (parent == header._M_right) header._M_right = node;
  }
  while (node != root && IsRed(node->_M_parent)) {
    Node* above = node->_M_parent;
    Node* top = above->_M_parent;
    bool is_left = above == top->_M_left;
    Node* uncle = is_left ? top->_M_right : top->_M_left;
    if (IsRed(uncle)) {
      above->_M_color = uncle->_M_color = _S_black;
      top->_M_color = _S_red;
      node = top;
      continue;
    }
    if (node == (is_left ? above->_M_right : above->_M_left)) {
      Rotate(above, is_left, root);
      swap(node, above);
    }
    above->_M_color = _S_black;
    top->_M_color = _S_red;
    Rotate(top, !is_left, root);
  }
  root->_M_color = _S_black;
}

Node* _Rb_tree_rebalance_for_erase(Node* const erased, Node& header) noexcept {
  Node*& root = header._M_parent;
  if (header._M_left == erased) header._M_left = _Rb_tree_increment(erased);
  if (header._M_right == erased) header._M_right = _Rb_tree_decrement(erased);

  // `child` takes the place of a node with at most one child, below `parent`.
  Node* child;
  Node* parent;
  auto color = erased->_M_color;
  if (erased->_M_left != nullptr && erased->_M_right != nullptr) {
    // The next node, which has no left child, takes the place of the erased one.
    Node* next = Node::_S_minimum(erased->_M_right);
    color = next->_M_color;
    child = next->_M_right;
    parent = next;
    if (next->_M_parent != erased) {
      parent = next->_M_parent;
      Replace(next, child, root);
      next->_M_right = erased->_M_right;
      next->_M_right->_M_parent = next;
    }
    Replace(erased, next, root);
    next->_M_left = erased->_M_left;
    next->_M_left->_M_parent = next;
    next->_M_color = erased->_M_color;
  } else {
    child = erased->_M_left != nullptr ? erased->_M_left : erased->_M_right;
    parent = erased->_M_parent;
    Replace(erased, child, root);
  }
  if (root == nullptr) {
    header._M_left = header._M_right = &header;
    return erased;
  }
  // A black node less on the way through `child`.
  while (color == _S_black && child != root && !IsRed(child)) {
    bool is_left = child == parent->_M_left;
    Node* sibling = is_left ? parent->_M_right : parent->_M_left;
    if (IsRed(sibling)) {
      sibling->_M_color = _S_black;
      parent->_M_color = _S_red;
      Rotate(parent, is_left, root);
      sibling = is_left ? parent->_M_right : parent->_M_left;
    }
    Node* near = is_left ? sibling->_M_left : sibling->_M_right;
    Node* far = is_left ? sibling->_M_right : sibling->_M_left;
    if (!IsRed(near) && !IsRed(far)) {
      sibling->_M_color = _S_red;
      child = parent;
      parent = parent->_M_parent;
      continue;
    }
    if (!IsRed(far)) {
      near->_M_color = _S_black;
      sibling->_M_color = _S_red;
      Rotate(sibling, !is_left, root);
      far = sibling;
      sibling = near;
    }
    sibling->_M_color = parent->_M_color;
    parent->_M_color = _S_black;
    far->_M_color = _S_black;
    Rotate(parent, is_left, root);
    child = root;
  }
  if (color == _S_black && child != nullptr) child->_M_color = _S_black;
  return erased;
}

// --- std::unordered_map, std::unordered_set ----------------------------------------------------

size_t _Hash_bytes(const void* data, size_t size, size_t seed) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  uint64_t sum = seed ^ (size * 0x9e3779b97f4a7c15);
  while (size > 0) {
    uint64_t word = 0;
    size_t part = size < sizeof(word) ? size : sizeof(word);
    memcpy(&word, bytes, part);
    sum = (sum ^ word) * 0xbf58476d1ce4e5b9;
    sum ^= sum >> 31;
    bytes += part;
    size -= part;
  }
  sum *= 0x94d049bb133111eb;
  return sum ^ (sum >> 29);
}

namespace __detail {

namespace {
bool IsPrime(size_t number) {
  for (size_t by = 3; by * by <= number; by += 2) {
    if (number % by == 0) return false;
  }
  return true;
}
}  // namespace

size_t _Prime_rehash_policy::_M_next_bkt(size_t least) const {
  size_t count = least < 3 ? (least < 2 ? 1 : 2) : least | 1;
  while (count > 2 && !IsPrime(count)) count += 2;
  _M_next_resize = static_cast<size_t>(static_cast<double>(count) * _M_max_load_factor);
  return count;
}

pair<bool, size_t> _Prime_rehash_policy::_M_need_rehash(size_t buckets, size_t elements,
                                                        size_t inserted) const {
  size_t wanted = elements + inserted;
  if (wanted <= _M_next_resize) return {false, 0};
  // The first buckets are a few at once.
  if (_M_next_resize == 0 && wanted < 11) wanted = 11;
  auto least = static_cast<size_t>(static_cast<double>(wanted) / _M_max_load_factor) + 1;
  if (least <= buckets) {
    _M_next_resize = static_cast<size_t>(static_cast<double>(buckets) * _M_max_load_factor);
    return {false, 0};
  }
  return {true, _M_next_bkt(least > buckets * _S_growth_factor ? least
                                                               : buckets * _S_growth_factor)};
}

}  // namespace __detail

// --- std::make_shared --------------------------------------------------------------------------

// The tag has one address in a static program, and was compared by that already.
bool _Sp_make_shared_tag::_S_eq(const type_info&) noexcept { return false; }

}  // namespace std

#endif  // __GLIBCXX__
