# The language, the warnings and the run-time checks that every target of the tree is built with.

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Debug | Release | RelWithDebInfo" FORCE)
endif()
# Assertions stay in what is released: the core's invariants are worth more than their nanoseconds.
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")
set(CMAKE_C_FLAGS_RELEASE "-O2")
set(CMAKE_C_FLAGS_DEBUG "-Og -g")

include_directories("${CMAKE_CURRENT_SOURCE_DIR}")
add_compile_definitions(_GNU_SOURCE)
# No fused multiply-add: placement's arithmetic must give the same bits on every machine.
add_compile_options(-Wall -Wextra -Wconversion -Wshadow -Werror -fno-omit-frame-pointer -ffp-contract=off)

if(DROVER_SANITIZE STREQUAL "off")
    add_compile_options(-fstack-protector-strong)
    if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
        add_compile_definitions(_FORTIFY_SOURCE=2)
    endif()
elseif(DROVER_SANITIZE STREQUAL "address,undefined" OR DROVER_SANITIZE STREQUAL "thread")
    add_compile_options(-fsanitize=${DROVER_SANITIZE} -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${DROVER_SANITIZE})
else()
    message(FATAL_ERROR "DROVER_SANITIZE is \"${DROVER_SANITIZE}\": give off, \"address,undefined\" or thread")
endif()

if(DROVER_FUZZ)
    if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
        message(FATAL_ERROR "DROVER_FUZZ needs clang: -DCMAKE_C_COMPILER=clang")
    endif()
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()

find_program(DROVER_CCACHE ccache)
if(DROVER_CCACHE)
    set(CMAKE_C_COMPILER_LAUNCHER "${DROVER_CCACHE}")
endif()
