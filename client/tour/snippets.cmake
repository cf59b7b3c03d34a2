# Cuts what stands between "// tour: begin" and "// tour: end" out of sources, and
# the sources of the tour's page, into a header of constants: what a chapter shows
# is what the program runs. Code that moves, moves there too.

# gather_cut(VARIABLE FILE): that region, without its indentation.
function(gather_cut variable file)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} text)
  set(begin "// tour: begin\n")
  string(FIND "${text}" "${begin}" from)
  string(FIND "${text}" "// tour: end" to)
  if(from EQUAL -1 OR to LESS from)
    message(FATAL_ERROR "${file}: no region between tour: begin and tour: end")
  endif()
  string(LENGTH "${begin}" skipped)
  math(EXPR from "${from} + ${skipped}")
  math(EXPR length "${to} - ${from}")
  string(SUBSTRING "${text}" ${from} ${length} region)
  string(REGEX REPLACE "[^ ].*" "" indent "${region}")  # of its first line
  string(REPLACE "\n${indent}" "\n" region "\n${region}")
  string(STRIP "${region}" region)
  set(${variable} "${region}" PARENT_SCOPE)
endfunction()

set(declarations "")
foreach(source IN ITEMS back_pressure blocking calls coalescing cpu_work fail_fast
    fire_and_forget first_of loop_timeline n_plus_one processes return_exceptions
    sequential stages stale tail threads timeout)
  gather_cut(region ${CMAKE_CURRENT_SOURCE_DIR}/${source}.cc)
  # blocking.cc is kBlockingCode.
  string(REPLACE "_" ";" words ${source})
  set(name "")
  foreach(word IN LISTS words)
    string(SUBSTRING ${word} 0 1 first)
    string(TOUPPER ${first} first)
    string(SUBSTRING ${word} 1 -1 rest)
    string(APPEND name ${first}${rest})
  endforeach()
  string(APPEND declarations
    "inline constexpr char k${name}Code[] = R\"GATHER(${region})GATHER\";\n")
endforeach()

set(style ${CMAKE_CURRENT_SOURCE_DIR}/page.css)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${style})
file(READ ${style} css)
string(APPEND declarations
  "inline constexpr char kPageStyle[] = R\"GATHER(${css})GATHER\";\n")

set(generated ${CMAKE_BINARY_DIR}/generated/client/tour/snippets.h)
file(GENERATE OUTPUT ${generated} CONTENT
"// Made by client/tour/snippets.cmake.
#ifndef GATHER_CLIENT_TOUR_SNIPPETS_H_
#define GATHER_CLIENT_TOUR_SNIPPETS_H_

namespace gather::client::tour {

${declarations}
}  // namespace gather::client::tour

#endif  // GATHER_CLIENT_TOUR_SNIPPETS_H_
")
