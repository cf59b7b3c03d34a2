# Has the targets of gRPC, Protobuf and Abseil name archives in the place of
# shared libraries: Debian's packages hold both, but their CMake files name only
# those. All or none, or a process has two copies of one library.
# Why: server/decisions/0010-archives.md.
get_property(targets DIRECTORY PROPERTY IMPORTED_TARGETS)
list(FILTER targets INCLUDE REGEX "^(gRPC|protobuf|absl|utf8_range)::")

set(replacements)
set(obstacle)
foreach(target IN LISTS targets)
  foreach(suffix IN ITEMS "" _NONE _NOCONFIG _RELEASE _RELWITHDEBINFO)
    get_target_property(library ${target} IMPORTED_LOCATION${suffix})
    if(library MATCHES "\\.so[.0-9]*$")
      string(REGEX REPLACE "\\.so[.0-9]*$" ".a" archive "${library}")
      list(APPEND replacements ${target} IMPORTED_LOCATION${suffix} "${archive}")
      if(NOT EXISTS "${archive}")
        set(obstacle "there is no ${archive}")
      endif()
    endif()
  endforeach()
endforeach()

# Part of gRPC, but no target of its own everywhere.
find_library(GATHER_RE2 re2)
if(GATHER_RE2 MATCHES "\\.so$")
  execute_process(COMMAND ldd ${GATHER_RE2} OUTPUT_VARIABLE needed)
  if(needed MATCHES "libabsl_")
    set(obstacle "${GATHER_RE2} brings Abseil as shared libraries")
  endif()
endif()

if(obstacle)
  message(STATUS "GATHER_STATIC: shared libraries all the same, ${obstacle}")
  set(replacements)
endif()
while(replacements)
  list(POP_FRONT replacements target property archive)
  set_target_properties(${target} PROPERTIES ${property} "${archive}")
endwhile()
