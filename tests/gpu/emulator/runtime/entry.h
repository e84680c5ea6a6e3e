// One C function per kernel that takes its parameters as pointers to their values, and one that describes them.
#pragma once
#include <type_traits>
#include <utility>

// The parameters' values lie in no memory of the kernel.
#define EMULATOR_UNCHECKED __attribute__((noinline, no_sanitize_thread, no_sanitize_undefined))

struct emulator_parameter { // as arguments.py has it
    char kind;              // i, u, f, b: a number; V: any other value; P: a pointer to `item`
    char item;              // what a pointer points to, by the same letters
    bool read_only;
    int size; // of the number or of what is pointed to, in bytes
};

template <class T> constexpr char emulator_kind_of() {
    if constexpr (std::is_same_v<T, bool>) return 'b';
    else if constexpr (std::is_floating_point_v<T>) return 'f';
    else if constexpr (std::is_integral_v<T>) return std::is_signed_v<T> ? 'i' : 'u';
    else return 'V';
}

template <class T> emulator_parameter emulator_describe() {
    if constexpr (std::is_pointer_v<T>) {
        using Item = std::remove_pointer_t<T>;
        int size = 0;
        if constexpr (!std::is_void_v<Item>) size = sizeof(Item);
        return {'P', emulator_kind_of<std::remove_cv_t<Item>>(), std::is_const_v<Item>, size};
    } else
        return {emulator_kind_of<T>(), 0, false, sizeof(T)};
}

template <class... Parameters> struct emulator_kernel {
    template <size_t... I>
    EMULATOR_UNCHECKED static void call(void (*kernel)(Parameters...), void **values, std::index_sequence<I...>) {
        kernel(*(std::remove_const_t<Parameters> *)values[I]...);
    }
    EMULATOR_UNCHECKED static int describe(emulator_parameter *to) {
        int count = 0;
        ((to[count++] = emulator_describe<Parameters>()), ...);
        return count;
    }
};

template <class... P> EMULATOR_UNCHECKED void emulator_call(void (*kernel)(P...), void **values) {
    emulator_kernel<P...>::call(kernel, values, std::make_index_sequence<sizeof...(P)>());
}
template <class... P> EMULATOR_UNCHECKED int emulator_describe_kernel(void (*)(P...), emulator_parameter *to) {
    return emulator_kernel<P...>::describe(to);
}

#define EMULATOR_ENTRY(index, ...) \
    extern "C" __attribute__((visibility("default"))) void emulated_kernel_##index(void **values) { \
        emulator_call(&__VA_ARGS__, values); \
    } \
    extern "C" __attribute__((visibility("default"))) int emulated_parameters_##index(emulator_parameter *to) { \
        return emulator_describe_kernel(&__VA_ARGS__, to); \
    }
